package io.github.consistencydecoder.core.bands;

import io.github.consistencydecoder.core.runtime.NativeBlocks.NativeTensor;
import io.github.consistencydecoder.core.runtime.StageSession;
import io.github.consistencydecoder.core.sampler.StepInputs;
import io.github.consistencydecoder.models.network.ConsistencyNetwork;
import io.github.consistencydecoder.models.network.graph.BandGraphs;
import io.github.consistencydecoder.models.network.graph.BandStage;
import io.github.consistencydecoder.models.network.graph.BandTensor;
import io.github.consistencydecoder.plugin.Cancellation;
import io.github.consistencydecoder.plugin.Latents;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Evaluates the network for one picture, as the schedule leads it. Borrows everything. */
final class PictureEvaluation implements BandSchedule.Visitor {
  private final BandedStep opened;
  private final BandPlan plan;
  private final BandLayout layout;
  private final BandMemory memory;
  private final InOut picture;
  private final Staging staging;
  private final TensorStore store;
  private final BandedStep.StageSessions sessions;
  private final Cancellation cancellation;
  private final Map<Integer, PlaneStatistics> statistics = new HashMap<>();

  /** Where the conditioning of the next second norm begins. */
  private int conditioned;

  /** Where the present band's result goes. */
  private NativeTensor result;

  PictureEvaluation(
      BandedStep opened,
      BandPlan plan,
      BandMemory memory,
      InOut picture,
      Staging staging,
      TensorStore store,
      BandedStep.StageSessions sessions,
      Cancellation cancellation) {
    this.opened = opened;
    this.plan = plan;
    this.layout = plan.layout();
    this.memory = memory;
    this.picture = picture;
    this.staging = staging;
    this.store = store;
    this.sessions = sessions;
    this.cancellation = cancellation;
  }

  @Override
  public void begin(BandStage stage) {
    store.limit(memory.tensorBytes() - BandMemory.scratchBytes(stage, layout, opened.tiled()));
    if (stage.kind() != BandStage.Kind.OUT) {
      store.begin(stage.result());
      statistics.put(stage.result().id(), new PlaneStatistics(stage.result().channels()));
    }
    if (stage.kind() != BandStage.Kind.IN) {
      normalise(stage);
    }
  }

  private void normalise(BandStage stage) {
    float[][] affine = opened.norm(stage.norm());
    if (stage.kind() == BandStage.Kind.SECOND) {
      float[] packed = picture.in().conditioning();
      int n = stage.in();
      affine =
          new float[][] {
            Arrays.copyOfRange(packed, conditioned, conditioned + n),
            Arrays.copyOfRange(packed, conditioned + n, conditioned + 2 * n)
          };
      conditioned += 2 * n;
    }
    List<PlaneStatistics> sources =
        stage.sources().stream().map(t -> statistics.get(t.id())).toList();
    PlaneStatistics.norm(
        sources,
        opened.network().groups(),
        opened.network().epsilon(),
        affine[0],
        affine[1],
        staging.floats(BandGraphs.SCALE, stage.in()),
        staging.floats(BandGraphs.SHIFT, stage.in()));
  }

  @Override
  public void make(BandTensor t, int band) {
    result = store.make(t, band);
  }

  @Override
  public void run(BandStage stage, int band) {
    cancellation.check();
    BandTensor made = stage.result();
    int rows = layout.rows(made.level(), band);
    int width = layout.width(made.level());
    boolean ends = stage.kind() == BandStage.Kind.OUT;
    FloatBuffer mean = staging.floats(Staging.MEAN, made.channels());
    FloatBuffer squares = staging.floats(Staging.SQUARES, made.channels());
    List<NativeTensor> results = new ArrayList<>();
    if (ends) {
      FloatBuffer y = staging.floats(Staging.RESULT, (long) made.channels() * rows * width);
      results.add(store.view(y, 1, made.channels(), rows, width));
    } else {
      results.add(result);
      results.add(store.view(mean, 1, made.channels(), 1, 1));
      results.add(store.view(squares, 1, made.channels(), 1, 1));
    }
    StageSession session = sessions.of(stage, rows, width);
    session.run(
        inputs(stage, band),
        results,
        "decode a picture of " + plan.width() + "x" + plan.height() + " pixels in bands",
        cancellation);
    if (ends) {
      FloatBuffer y = staging.floats(Staging.RESULT, (long) made.channels() * rows * width);
      picture.output(y, band * layout.bandRows(), rows);
    } else {
      statistics.get(made.id()).add((long) rows * width, mean, squares);
      store.made(made, band);
    }
    store.endRun();
  }

  private Map<String, NativeTensor> inputs(BandStage stage, int band) {
    Map<String, NativeTensor> inputs = new HashMap<>();
    if (stage.kind() == BandStage.Kind.IN) {
      int rows = layout.rows(0, band) + 2;
      int width = layout.width(0);
      int channels = ConsistencyNetwork.INPUT_CHANNELS;
      FloatBuffer values = staging.floats(BandGraphs.INPUT, (long) channels * rows * width);
      picture.input(values.duplicate(), band * layout.bandRows() - 1, rows);
      inputs.put(BandGraphs.INPUT, store.view(values, 1, channels, rows, width));
      return inputs;
    }
    for (int i = 0; i < stage.sources().size(); i++) {
      BandTensor t = stage.sources().get(i);
      inputs.put(BandGraphs.BODY + i, store.body(t, band, BandGraphs.BODY + i));
      inputs.put(BandGraphs.ABOVE + i, store.above(t, band, BandGraphs.ABOVE + i));
      inputs.put(BandGraphs.BELOW + i, store.below(t, band, BandGraphs.BELOW + i));
    }
    for (int i = 0; i < stage.shortcut().size(); i++) {
      String name = BandGraphs.SHORTCUT + i;
      inputs.put(name, store.body(stage.shortcut().get(i), band, name));
    }
    int level = stage.sources().get(0).level();
    inputs.put(BandGraphs.TOP, zeros(stage, level, band == 0));
    inputs.put(BandGraphs.BOTTOM, zeros(stage, level, band == layout.bands() - 1));
    inputs.put(BandGraphs.SCALE, vector(BandGraphs.SCALE, stage.in()));
    inputs.put(BandGraphs.SHIFT, vector(BandGraphs.SHIFT, stage.in()));
    return inputs;
  }

  private NativeTensor vector(String slot, int n) {
    return store.view(staging.floats(slot, n), n, 1, 1);
  }

  /** Rows of zeros where the picture ends, none elsewhere. */
  private NativeTensor zeros(BandStage stage, int level, boolean end) {
    int rows = end ? stage.halo() : 0;
    int width = layout.width(level);
    FloatBuffer values = staging.floats(Staging.ZEROS, (long) stage.in() * rows * width);
    return store.view(values, 1, stage.in(), rows, width);
  }

  @Override
  public void drop(BandTensor t, int band) {
    store.drop(t, band);
  }

  @Override
  public void finish(BandStage stage) {
    sessions.close();
    store.freed(BandMemory.scratchBytes(stage, layout, opened.tiled()));
    for (BandTensor t : opened.schedule().ending(stage)) {
      store.end(t);
      statistics.remove(t.id());
    }
  }

  /**
   * One picture of a batch: what goes into the network's first convolution, and what becomes of the
   * last one's result. Borrows the arrays.
   *
   * @param in features, conditioning and coefficients of the batch
   * @param noisy {@code [N, 3, 8h, 8w]}
   * @param image {@code [N, 3, 8h, 8w]}
   * @param picture which one
   */
  record InOut(StepInputs in, float[] noisy, float[] image, int picture) {
    private static final int CELL = Latents.PIXELS_PER_CELL;
    private static final int COLOURS = ConsistencyNetwork.IMAGE_CHANNELS;

    private int width() {
      return CELL * in.width();
    }

    private int height() {
      return CELL * in.height();
    }

    /** Index of a row's first value in the images. */
    private int at(int channel, int row) {
      return ((picture * COLOURS + channel) * height() + row) * width();
    }

    /**
     * Writes rows of the network's input: the image times c_in, then the latent enlarged; zeros
     * beyond the picture.
     *
     * @param out receives {@code [7, rows, 8w]}
     * @param first row, may be -1
     */
    void input(FloatBuffer out, int first, int rows) {
      float[] line = new float[width()];
      for (int c = 0; c < ConsistencyNetwork.INPUT_CHANNELS; c++) {
        for (int row = first; row < first + rows; row++) {
          if (row < 0 || row >= height()) {
            Arrays.fill(line, 0);
          } else if (c < COLOURS) {
            int at = at(c, row);
            for (int x = 0; x < line.length; x++) {
              line[x] = noisy[at + x] * in.coefficients()[0];
            }
          } else {
            int latentChannels = ConsistencyNetwork.INPUT_CHANNELS - COLOURS;
            int cells = (picture * latentChannels + c - COLOURS) * in.height() + row / CELL;
            for (int x = 0; x < line.length; x++) {
              line[x] = in.features()[cells * in.width() + x / CELL];
            }
          }
          out.put(line);
        }
      }
    }

    /**
     * Writes rows of the image: {@code y c_out + noisy c_skip}.
     *
     * @param y {@code [3, rows, 8w]}
     */
    void output(FloatBuffer y, int first, int rows) {
      for (int c = 0; c < COLOURS; c++) {
        int at = at(c, first);
        int n = rows * width();
        y.get(image, at, n);
        for (int i = at; i < at + n; i++) {
          image[i] = image[i] * in.coefficients()[1] + noisy[i] * in.coefficients()[2];
        }
      }
    }
  }
}
