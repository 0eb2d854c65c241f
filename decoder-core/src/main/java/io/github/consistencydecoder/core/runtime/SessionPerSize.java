package io.github.consistencydecoder.core.runtime;

import ai.onnxruntime.OrtException;
import io.github.consistencydecoder.core.memory.RunForecast;
import io.github.consistencydecoder.models.network.ConsistencyNetwork;
import io.github.consistencydecoder.models.network.NetworkGraph;
import io.github.consistencydecoder.models.network.graph.ConsistencyGraph;
import io.github.consistencydecoder.models.network.graph.SizedForm;
import io.github.consistencydecoder.plugin.Cancellation;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Sessions of one network for pictures of several sizes, over one file of weights: made when a size
 * is first asked for, in some 0.1 s, and kept for the sizes used last.
 *
 * <p>Owns the sessions. Safe for use by several threads. The caller closes only when no lease is
 * out.
 */
public final class SessionPerSize implements StepSessions {
  /**
   * Sessions kept while nobody uses them. Each maps the weights by itself, so pages that two of
   * them touch count twice in what the system reports for the process, though they exist once.
   */
  private static final int KEPT = 2;

  private static final int MOST_FORECASTS = 16;

  /** Of the memory of a form, what another one must fall below to be taken instead. */
  private static final double WORTH_IT = 0.97;

  private final Writing writing;
  private final SessionSettings settings;

  /** The one used last comes last. */
  private final List<Entry> entries = new ArrayList<>();

  private final ConsistencyNetwork network;

  /** Those of the sizes asked for last. */
  private final Map<ConsistencyGraph.Size, Chosen> forecasts =
      new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1;

        @Override
        protected boolean removeEldestEntry(Map.Entry<ConsistencyGraph.Size, Chosen> eldest) {
          return size() > MOST_FORECASTS;
        }
      };

  /** Writes the graph for a size in one of its forms. */
  public interface Writing {
    NetworkGraph graph(ConsistencyGraph.Size size, SizedForm form) throws IOException;
  }

  /**
   * The form that takes least memory at a size, and how much.
   *
   * @param form of the graph
   * @param forecast of its runs
   */
  private record Chosen(SizedForm form, RunForecast forecast) {}

  private static final class Entry {
    private final ConsistencyGraph.Size size;
    private final Session handle;
    private int users;

    Entry(ConsistencyGraph.Size size, Session handle) {
      this.size = size;
      this.handle = handle;
    }
  }

  public SessionPerSize(Writing writing, SessionSettings settings, ConsistencyNetwork network) {
    this.network = network;
    this.writing = writing;
    this.settings = settings;
  }

  @Override
  public int largestBatch(int height, int width) {
    return 1;
  }

  @Override
  public synchronized Lease lease(int height, int width, Cancellation cancellation)
      throws IOException, OrtException {
    ConsistencyGraph.Size size = new ConsistencyGraph.Size(height, width);
    Entry entry = null;
    for (Entry e : entries) {
      entry = e.size.equals(size) ? e : entry;
    }
    if (entry == null) {
      makeRoom();
      entry =
          new Entry(size, Session.openPlain(writing.graph(size, chosen(size).form()), settings));
    } else {
      entries.remove(entry);
    }
    entries.add(entry);
    entry.users++;
    Entry leased = entry;
    return Lease.of(entry.handle, () -> release(leased));
  }

  @Override
  public RunForecast forecast(int height, int width) throws IOException {
    return chosen(new ConsistencyGraph.Size(height, width)).forecast();
  }

  private Chosen chosen(ConsistencyGraph.Size size) throws IOException {
    synchronized (forecasts) {
      Chosen known = forecasts.get(size);
      if (known == null) {
        known = choose(size);
        forecasts.put(size, known);
      }
      return known;
    }
  }

  private Chosen choose(ConsistencyGraph.Size size) throws IOException {
    Chosen best = null;
    long least = Long.MAX_VALUE;
    for (SizedForm form : SizedForm.of(size)) {
      RunForecast forecast =
          RunForecast.ofSized(writing.graph(size, form).model(), network, OnnxRuntime.version());
      long bytes = forecast.bytes(1, size.height() / 8, size.width() / 8).orElse(Long.MAX_VALUE);
      if (best == null || bytes < WORTH_IT * least) {
        best = new Chosen(form, forecast);
        least = bytes;
      }
    }
    return best;
  }

  private void makeRoom() {
    for (int i = 0; entries.size() >= KEPT && i < entries.size(); ) {
      if (entries.get(i).users == 0) {
        entries.remove(i).handle.close();
      } else {
        i++;
      }
    }
  }

  private synchronized void release(Entry entry) {
    entry.users--;
  }

  @Override
  public synchronized void giveBack(Device device) {
    entries.forEach(e -> Evaluation.giveBack(e.handle, device));
  }

  @Override
  public synchronized void close() {
    for (Entry e : entries) {
      e.handle.close();
    }
    entries.clear();
  }
}
