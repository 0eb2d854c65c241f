package io.github.consistencydecoder.core.bands;

import io.github.consistencydecoder.core.runtime.ModelFiles;
import io.github.consistencydecoder.core.runtime.SessionSettings;
import io.github.consistencydecoder.core.runtime.StageSession;
import io.github.consistencydecoder.models.network.graph.BandGraphs;
import io.github.consistencydecoder.models.network.graph.BandStage;
import java.io.IOException;

/**
 * Opens the runtime's sessions of the stages of one network, as its stages come, and closes them as
 * they go: a session keeps threads and memory, and opening one takes milliseconds. Weights of a
 * small network are reordered for the processor, those of a large one are used as they lie in their
 * files.
 *
 * @param graphs of the stages
 * @param settings of the sessions
 * @param small whether the network is
 */
record StageSessions(BandGraphs graphs, SessionSettings settings, boolean small) {
  /**
   * The sessions that one evaluation uses, one after the other. Owns the one that is open. Not for
   * use by several threads.
   */
  final class Sequence implements AutoCloseable {
    private int rows;
    private StageSession session;

    /**
     * The session of the present stage. The one that was given before is no longer valid.
     *
     * @param bandRows of the result
     * @param width of the result
     */
    StageSession of(BandStage stage, int bandRows, int width) {
      if (session == null || (graphs.sized() && rows != bandRows)) {
        close();
        session = open(stage, bandRows, width);
        rows = bandRows;
      }
      return session;
    }

    /** Ends a stage. */
    @Override
    public void close() {
      if (session != null) {
        session.close();
        session = null;
      }
    }
  }

  private StageSession open(BandStage stage, int rows, int width) {
    try {
      return StageSession.open(graphs.write(stage, rows, width), settings, small);
    } catch (IOException e) {
      throw ModelFiles.unreadable(e);
    }
  }
}
