package io.github.consistencydecoder.server.models;

import io.github.consistencydecoder.plugin.DecoderInfo;
import java.util.Optional;

/**
 * A model of this server.
 *
 * @param name on the wire, {@code [a-z0-9_.-]+}
 * @param info of its decoder; empty until it is open
 * @param ready whether a call would be taken now, load aside
 * @param reason why not, a sentence; empty if ready
 * @param encodes whether it has an encoder
 */
public record ModelStatus(
    String name, Optional<DecoderInfo> info, boolean ready, String reason, boolean encodes) {}
