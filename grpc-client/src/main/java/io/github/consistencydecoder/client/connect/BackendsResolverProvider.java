package io.github.consistencydecoder.client.connect;

import io.github.consistencydecoder.client.connect.Target.Backend;
import io.grpc.Attributes;
import io.grpc.EquivalentAddressGroup;
import io.grpc.NameResolver;
import io.grpc.NameResolverProvider;
import io.grpc.NameResolverRegistry;
import io.grpc.Status;
import io.grpc.StatusOr;
import io.netty.channel.unix.DomainSocketAddress;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Executor;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes lists of backends known to gRPC, under a scheme for each kind of address: a channel has one
 * kind.
 */
final class BackendsResolverProvider extends NameResolverProvider {
  private static final String PORTS = "consistency-decoder-ports";
  private static final String SOCKETS = "consistency-decoder-sockets";

  // gRPC takes resolvers by its registry alone; ours change nothing for other targets.
  static {
    NameResolverRegistry registry = NameResolverRegistry.getDefaultRegistry();
    registry.register(new BackendsResolverProvider(PORTS, InetSocketAddress.class));
    registry.register(new BackendsResolverProvider(SOCKETS, DomainSocketAddress.class));
  }

  private final String scheme;
  private final Class<? extends SocketAddress> addresses;

  private BackendsResolverProvider(String scheme, Class<? extends SocketAddress> addresses) {
    this.scheme = scheme;
    this.addresses = addresses;
  }

  /** What gRPC is to be given for a list. */
  static String uri(Target target) {
    try {
      String scheme = target.unixSockets() ? SOCKETS : PORTS;
      return new URI(scheme, "", "/" + target.list(), null, null).toASCIIString();
    } catch (URISyntaxException e) {
      throw new AssertionError(e);
    }
  }

  @Override
  public NameResolver newNameResolver(URI uri, NameResolver.Args args) {
    if (!scheme.equals(uri.getScheme())) {
      return null;
    }
    Target target = Target.parse(uri.getPath().substring(1));
    return new BackendsResolver(target.backends(), args.getOffloadExecutor());
  }

  @Override
  public String getDefaultScheme() {
    return scheme;
  }

  @Override
  public Collection<Class<? extends SocketAddress>> getProducedSocketAddressTypes() {
    return Set.of(addresses);
  }

  @Override
  protected boolean isAvailable() {
    return true;
  }

  @Override
  protected int priority() {
    // Below gRPC's own, so that none of these schemes becomes the default.
    return 0;
  }

  /** Gives gRPC a list of backends, each one server whatever addresses its host has. */
  static final class BackendsResolver extends NameResolver {
    private static final Logger LOG = LoggerFactory.getLogger(BackendsResolver.class);

    private final List<Backend> backends;
    private final Executor executor;
    private Listener2 listener;

    /**
     * @param executor looks names up
     */
    BackendsResolver(List<Backend> backends, Executor executor) {
      this.backends = backends;
      this.executor = executor;
    }

    @Override
    public String getServiceAuthority() {
      return backends.get(0).authority();
    }

    @Override
    public void start(Listener2 listener) {
      this.listener = listener;
      refresh();
    }

    @Override
    public void refresh() {
      executor.execute(this::resolve);
    }

    private void resolve() {
      List<EquivalentAddressGroup> groups = new ArrayList<>();
      UnknownHostException unknown = null;
      for (Backend backend : backends) {
        try {
          groups.add(group(backend));
        } catch (UnknownHostException e) {
          LOG.debug("the host of {} is not known", backend);
          unknown = e;
        }
      }
      if (groups.isEmpty()) {
        listener.onError(
            Status.UNAVAILABLE.withDescription("no host of the list is known").withCause(unknown));
      } else {
        listener.onResult(
            ResolutionResult.newBuilder().setAddressesOrError(StatusOr.fromValue(groups)).build());
      }
    }

    private static EquivalentAddressGroup group(Backend backend) throws UnknownHostException {
      List<SocketAddress> addresses = new ArrayList<>();
      if (backend.socket().isPresent()) {
        addresses.add(new DomainSocketAddress(backend.socket().get().toFile()));
      } else {
        for (InetAddress address : InetAddress.getAllByName(backend.host())) {
          addresses.add(new InetSocketAddress(address, backend.port()));
        }
      }
      return new EquivalentAddressGroup(
          addresses,
          Attributes.newBuilder()
              .set(EquivalentAddressGroup.ATTR_AUTHORITY_OVERRIDE, backend.authority())
              .build());
    }

    @Override
    public void shutdown() {}
  }
}
