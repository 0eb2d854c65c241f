package io.github.consistencydecoder.core.bands;

import io.github.consistencydecoder.core.runtime.SessionSettings;
import io.github.consistencydecoder.core.runtime.StageSession;
import io.github.consistencydecoder.models.network.BandGraphs;
import io.github.consistencydecoder.models.network.BandStage;
import io.github.consistencydecoder.plugin.DecoderErrorCode;
import io.github.consistencydecoder.plugin.DecoderException;
import java.io.IOException;
import java.util.HashMap;
import java.util.Map;

/**
 * The runtime's sessions of the stages of one network.
 *
 * <p>Those of a small network are opened once, with weights reordered for the processor, and serve
 * all evaluations. Those of a large one are opened as its stages come and closed as they go, each
 * with its weights as they lie in their files.
 *
 * <p>Owns the sessions. Safe for use by several threads. The caller closes only when no evaluation
 * is running.
 */
final class StageSessions implements AutoCloseable {
  private final BandGraphs graphs;
  private final SessionSettings settings;
  private final boolean small;
  private final Map<Integer, StageSession> kept = new HashMap<>();

  StageSessions(BandGraphs graphs, SessionSettings settings, boolean small) {
    this.graphs = graphs;
    this.settings = settings;
    this.small = small;
  }

  /** The sessions that one evaluation uses, one after the other. */
  final class Sequence implements AutoCloseable {
    private BandStage stage;
    private int rows;
    private StageSession session;

    /**
     * The session of a stage. The one that was given before is no longer valid.
     *
     * @param bandRows of the result
     * @param width of the result
     */
    StageSession of(BandStage wanted, int bandRows, int width) {
      if (small) {
        return kept(wanted);
      }
      if (!wanted.equals(stage) || (graphs.sized() && rows != bandRows)) {
        close();
        session = open(wanted, bandRows, width);
        stage = wanted;
        rows = bandRows;
      }
      return session;
    }

    @Override
    public void close() {
      if (session != null) {
        session.close();
        session = null;
        stage = null;
      }
    }
  }

  private synchronized StageSession kept(BandStage stage) {
    return kept.computeIfAbsent(stage.index(), i -> open(stage, 0, 0));
  }

  private StageSession open(BandStage stage, int rows, int width) {
    try {
      return StageSession.open(graphs.write(stage, rows, width), settings, small);
    } catch (IOException e) {
      throw new DecoderException(
          DecoderErrorCode.MODEL_MISSING,
          "the model's files can no longer be read: " + e.getMessage(),
          e);
    }
  }

  @Override
  public synchronized void close() {
    kept.values().forEach(StageSession::close);
    kept.clear();
  }
}
