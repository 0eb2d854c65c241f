package io.github.consistencydecoder.client;

import io.github.consistencydecoder.client.connect.RemoteSettings;
import io.github.consistencydecoder.client.connect.ServiceConnection;
import io.github.consistencydecoder.plugin.Availability;
import io.github.consistencydecoder.plugin.DecoderConfig;
import io.github.consistencydecoder.plugin.LatentEncoder;
import io.github.consistencydecoder.plugin.LatentEncoderProvider;

/**
 * Opens encoders that work on a decode service whose model has one. Configuration as that of {@link
 * RemoteDecoderProvider}; without a model the first that encodes.
 */
public final class RemoteEncoderProvider implements LatentEncoderProvider {
  @Override
  public String name() {
    return RemoteDecoderProvider.NAME;
  }

  @Override
  public Availability availability() {
    return new Availability(true, "encodes on a service, 'target' says where");
  }

  @Override
  public LatentEncoder open(DecoderConfig config) {
    RemoteSettings settings = RemoteSettings.of(config, "the remote encoder");
    return new RemoteEncoder(RemoteModel.open(settings, ServiceConnection.open(settings), true));
  }
}
