package io.github.consistencydecoder.core.bands;

import io.github.consistencydecoder.models.network.ConsistencyNetwork;
import io.github.consistencydecoder.models.network.graph.BandStage;
import io.github.consistencydecoder.models.network.graph.BandTensor;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** The stages of a network and when each tensor between them is needed for the last time. */
final class BandSchedule {
  private final List<BandStage> stages;
  private final List<BandTensor> tensors = new ArrayList<>();

  /** By the tensor's number, the stage that uses it last. */
  private final int[] lastUse;

  /** By the tensor's number, the stage that makes it. */
  private final int[] made;

  BandSchedule(ConsistencyNetwork network) {
    this.stages = BandStage.of(network);
    this.lastUse = new int[stages.size()];
    this.made = new int[stages.size()];
    for (BandStage s : stages) {
      if (s.kind() != BandStage.Kind.OUT) {
        tensors.add(s.result());
        made[s.result().id()] = s.index();
      }
      s.sources().forEach(t -> lastUse[t.id()] = s.index());
      s.shortcut().forEach(t -> lastUse[t.id()] = s.index());
    }
  }

  List<BandStage> stages() {
    return stages;
  }

  /** All tensors that are kept between stages. */
  List<BandTensor> tensors() {
    return tensors;
  }

  /** Whether nothing after a stage needs a tensor. */
  boolean ends(BandTensor t, BandStage stage) {
    return lastUse[t.id()] == stage.index();
  }

  /** How many stages a tensor is kept for. */
  int lifetime(BandTensor t) {
    return lastUse[t.id()] - made[t.id()];
  }

  /** Whether a tensor is there, in whole or in part, while a stage runs. */
  boolean live(BandTensor t, int stage) {
    return made[t.id()] <= stage && stage <= lastUse[t.id()];
  }

  /** What happens in an evaluation, so that it can be done or just be reckoned. */
  interface Visitor {
    /** A stage begins. */
    void begin(BandStage stage);

    /** Room is needed for a band of a tensor, which the stage that is running will make. */
    void make(BandTensor t, int band);

    /** A band is evaluated. */
    void run(BandStage stage, int band);

    /** A band of a tensor is needed no more. */
    void drop(BandTensor t, int band);

    /** A stage is done; tensors that end with it are needed no more. */
    void finish(BandStage stage);
  }

  /** Goes through an evaluation. */
  void walk(BandLayout layout, Visitor visitor) {
    int bands = layout.bands();
    for (BandStage stage : stages) {
      visitor.begin(stage);
      for (int band = 0; band < bands; band++) {
        if (stage.kind() != BandStage.Kind.OUT) {
          visitor.make(stage.result(), band);
        }
        visitor.run(stage, band);
        for (BandTensor t : stage.shortcut()) {
          if (ends(t, stage)) {
            visitor.drop(t, band);
          }
        }
        for (BandTensor t : stage.sources()) {
          // The next band still reads the last rows of this one.
          if (ends(t, stage) && band > 0) {
            visitor.drop(t, band - 1);
          }
          if (ends(t, stage) && band == bands - 1) {
            visitor.drop(t, band);
          }
        }
      }
      visitor.finish(stage);
    }
  }

  /** The tensors that end with a stage. */
  List<BandTensor> ending(BandStage stage) {
    return Stream.concat(stage.sources().stream(), stage.shortcut().stream())
        .filter(t -> ends(t, stage))
        .toList();
  }
}
