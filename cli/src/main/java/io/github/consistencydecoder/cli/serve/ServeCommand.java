package io.github.consistencydecoder.cli.serve;

import io.github.consistencydecoder.cli.options.CommonOptions;
import io.github.consistencydecoder.cli.options.DeviceOptions;
import io.github.consistencydecoder.cli.shell.CliException;
import io.github.consistencydecoder.cli.shell.Console;
import io.github.consistencydecoder.cli.shell.ExitCode;
import io.github.consistencydecoder.cli.shell.Interruption;
import io.github.consistencydecoder.cli.shell.Version;
import io.github.consistencydecoder.formats.io.SystemMemory;
import io.github.consistencydecoder.models.store.ModelStore;
import io.github.consistencydecoder.plugin.Cancellation;
import io.github.consistencydecoder.plugin.DecoderConfig;
import io.github.consistencydecoder.server.Sidecar;
import io.github.consistencydecoder.server.SidecarConfig;
import io.github.consistencydecoder.server.access.AccessException;
import io.github.consistencydecoder.server.models.ModelStatus;
import io.github.consistencydecoder.server.queue.Readiness;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code serve}. */
@Command(
    name = "serve",
    description = "Serve models to pipelines, over gRPC and HTTP, in place of their VAE decoder.",
    footer = {
      "",
      "Runs until SIGTERM, SIGINT or SIGHUP, then finishes what it has and exits with 0; a second",
      "signal ends it at once. If its GPU fails for good it exits with 1. The log goes to standard",
      "error, one line a call. docs/service.md says more."
    })
public final class ServeCommand implements Callable<Integer> {
  private static final String TINY = "tiny";

  @Option(
      names = {"-m", "--model"},
      paramLabel = "[NAME=][DECODER:]ID|FOLDER|FILE",
      description = {
        "Model to serve, repeatable; the first is for callers that name none. NAME is what callers",
        "say, DECODER a plugin such as vae for what is not in the catalogue.",
        "Default: tiny, a preview that comes with the program."
      })
  private List<String> models = new ArrayList<>();

  @Option(
      names = "--log",
      paramLabel = "text|json",
      defaultValue = "text",
      description = "Form of the log. Default: ${DEFAULT-VALUE}.")
  private String log;

  @Option(
      names = "--config",
      paramLabel = "FILE",
      description = {
        "Properties, such as max-time=60, for options that are neither here nor in the environment",
        "(CONSISTENCY_DECODER_MAX_TIME=60). docs/cli.md lists them."
      })
  @SuppressWarnings("UnusedVariable") // read by Settings, through the option
  private Path config;

  @Mixin private ListenOptions listen;
  @Mixin private AccessOptions access;
  @Mixin private LimitOptions limits;
  @Mixin private DeviceOptions device;
  @Mixin private CommonOptions common;
  @Spec private CommandSpec spec;

  @Override
  public Integer call() throws InterruptedException {
    Settings settings = new Settings(spec, System.getenv());
    try {
      settings.apply(common.console(spec.commandLine()));
      return serve();
    } catch (CliException e) {
      throw settings.explained(e);
    } catch (ParameterException e) {
      throw settings.explained(e);
    }
  }

  private int serve() throws InterruptedException {
    Console console = common.console(spec.commandLine());
    if (!log.equals("text") && !log.equals("json")) {
      throw new CliException(ExitCode.USAGE, "--log " + log + ": text or json is needed");
    }
    SidecarConfig config = new SidecarConfig().version(Version.number());
    listen.addTo(config);
    access.addTo(config);
    limits.addTo(config);
    ServeLogging.begin(
        log.equals("json"), spec.commandLine().getParseResult().hasMatchedOption("--debug"));
    List<ServedModel> served = served(console);
    served.forEach(ServedModel::check);
    served.forEach(model -> config.model(model.name(), model.source()));
    config.stateFolder(ModelStore.standard().cacheFolder().resolve("serve"));
    run(console, config);
    return ExitCode.OK;
  }

  private List<ServedModel> served(Console console) {
    DecoderConfig common = device.addTo(DecoderConfig.empty());
    if (models.isEmpty()) {
      console.note(
          "serving the bundled preview model 'tiny', not OpenAI's decoder; give --model for another"
              + " ('models list' shows them)");
      models.add(TINY);
    }
    // Decoders count what the process holds already.
    long memory = SystemMemory.here().own() + limits.memoryBytes();
    Set<String> names = new LinkedHashSet<>();
    List<ServedModel> served = new ArrayList<>();
    for (String text : models) {
      ServedModel model = ServedModel.parse(text, common, names).within(memory);
      names.add(model.name());
      served.add(model);
    }
    return served;
  }

  /** Serves until a signal comes, and then until everything has ended. */
  private void run(Console console, SidecarConfig config) throws InterruptedException {
    CountDownLatch signal = new CountDownLatch(1);
    AtomicBoolean lost = new AtomicBoolean();
    long start = System.nanoTime();
    ServiceManager manager = new ServiceManager(console, System.getenv("NOTIFY_SOCKET"));
    try (Interruption.Guard guard = Interruption.process().guard()) {
      Cancellation.Registration unused = guard.cancellation().onCancel(signal::countDown);
      try (Sidecar sidecar = start(config)) {
        List<String> addresses = addresses(sidecar);
        addresses.forEach(address -> console.result("listening on " + address));
        announce(console, manager, sidecar, addresses, start);
        sidecar
            .service()
            .onReadiness(
                readiness -> {
                  if (readiness == Readiness.LOST) {
                    lost.set(true);
                    signal.countDown();
                  }
                });
        signal.await();
        manager.stopping();
        console.note("draining; a second signal ends this at once");
        sidecar.drain();
      }
    }
    console.note("all calls have ended");
    if (lost.get()) {
      throw new CliException(
          ExitCode.FAILED,
          "the device is lost to this process (the log says by what): start the service again");
    }
  }

  private static Sidecar start(SidecarConfig config) {
    try {
      return Sidecar.start(config);
    } catch (AccessException e) {
      throw new CliException(ExitCode.USAGE, e.getMessage(), e);
    } catch (IOException e) {
      throw new CliException(ExitCode.FAILED, "cannot listen: " + e.getMessage(), e);
    }
  }

  private List<String> addresses(Sidecar sidecar) {
    List<String> addresses = new ArrayList<>();
    String host = listen.inAddress();
    sidecar.grpcPort().ifPresent(port -> addresses.add("grpc://" + host + ":" + port));
    if (listen.grpcSocket() != null) {
      addresses.add("grpc+unix:" + listen.grpcSocket());
    }
    String scheme = access.encrypted() ? "https" : "http";
    sidecar.httpPort().ifPresent(port -> addresses.add(scheme + "://" + host + ":" + port + "/"));
    if (listen.httpSocket() != null) {
      addresses.add("http+unix:" + listen.httpSocket());
    }
    return addresses;
  }

  private static void announce(
      Console console,
      ServiceManager manager,
      Sidecar sidecar,
      List<String> addresses,
      long start) {
    AtomicBoolean said = new AtomicBoolean();
    sidecar
        .service()
        .onReadiness(
            readiness -> {
              if (readiness != Readiness.SERVING || !said.compareAndSet(false, true)) {
                return;
              }
              double seconds = (System.nanoTime() - start) / 1e9;
              List<String> names =
                  sidecar.service().models().stream().map(ModelStatus::name).toList();
              manager.ready("serving " + String.join(", ", names));
              console.result(
                  String.format(
                      Locale.ROOT, "ready after %.1f s: %s", seconds, String.join(", ", names)));
              Map<String, Object> document = new LinkedHashMap<>();
              document.put("software", Version.software());
              document.put("listening", addresses);
              document.put("models", names);
              document.put("ready_seconds", seconds);
              console.document(document);
            });
  }
}
