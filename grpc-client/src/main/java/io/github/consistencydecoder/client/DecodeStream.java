package io.github.consistencydecoder.client;

import io.github.consistencydecoder.client.DecodeRequests.FloatTensors;
import io.github.consistencydecoder.client.RemoteModel.CallKind;
import io.github.consistencydecoder.plugin.Cancellation;
import io.github.consistencydecoder.plugin.DecodeListener;
import io.github.consistencydecoder.plugin.DecoderException;
import io.github.consistencydecoder.plugin.Pixels;
import io.github.consistencydecoder.proto.v1.DecodeReport;
import io.github.consistencydecoder.proto.v1.DecodeStreamResponse;
import io.github.consistencydecoder.proto.v1.Part;
import io.github.consistencydecoder.proto.v1.PictureFormat;
import io.github.consistencydecoder.proto.v1.PicturesHeader;
import io.github.consistencydecoder.proto.v1.StepFinished;
import io.github.consistencydecoder.proto.v1.StepStarted;
import java.nio.FloatBuffer;
import java.util.Iterator;
import java.util.List;

/** The events of one attempt, read on the caller's thread. Not for use by several threads. */
final class DecodeStream {
  private final List<Long> shape;
  private final Progress progress;
  private final Failures failures;
  private PictureAssembly pictures;
  private DecodeReport report;

  /**
   * What came.
   *
   * @param pixels complete
   * @param report of the service
   */
  record Result(Pixels pixels, DecodeReport report) {}

  /**
   * @param shape {@code [N, 3, H, W]} that was asked for
   */
  DecodeStream(List<Long> shape, Progress progress, Failures failures) {
    this.shape = shape;
    this.progress = progress;
    this.failures = failures;
  }

  /**
   * Reads to the end.
   *
   * @throws DecoderException if the events are not those of a decode, or if it was cancelled
   */
  Result read(Iterator<DecodeStreamResponse> events, Cancellation cancellation) {
    progress.restart();
    while (events.hasNext()) {
      take(events.next());
      // A switch thrown by the listener ends it here, also if everything has arrived already.
      if (report == null && cancellation.isCancelled()) {
        throw Failures.cancelled(CallKind.DECODE, null);
      }
    }
    if (report == null) {
      throw failures.broken("the end of the stream before that of the decode");
    }
    return new Result(pictures.pixels(), report);
  }

  private void take(DecodeStreamResponse event) {
    if (report != null) {
      throw failures.broken("another event after the last");
    }
    switch (event.getEventCase()) {
      case ACCEPTED, EVENT_NOT_SET -> {
        // The latter is an event that only later versions know.
      }
      case STEP_STARTED -> progress.started(event.getStepStarted());
      case STEP_FINISHED -> progress.finished(event.getStepFinished());
      case HEADER -> {
        if (pictures != null) {
          throw failures.broken("a second header of pictures");
        }
        pictures = PictureAssembly.begin(event.getHeader(), shape, failures);
      }
      case PART -> {
        if (pictures == null) {
          throw failures.broken("a part of a picture before the header");
        }
        pictures.add(event.getPart());
      }
      case DONE -> {
        if (pictures == null) {
          throw failures.broken("the end of the decode without pictures");
        }
        report = event.getDone();
      }
    }
  }

  /**
   * Tells a listener of a decode's steps, each once: what a second attempt does again is not told
   * again. Not for use by several threads.
   */
  static final class Progress {
    private final DecodeListener listener;
    private final Failures failures;
    private int toldStarted;
    private int toldFinished;
    private int started;
    private int finished;

    Progress(DecodeListener listener, Failures failures) {
      this.listener = listener;
      this.failures = failures;
    }

    /** A new attempt begins at the first step. */
    void restart() {
      started = 0;
      finished = 0;
    }

    /**
     * @throws DecoderException if it is not this step's turn
     */
    void started(StepStarted event) {
      if (event.getStep() != started || started != finished || started >= event.getSteps()) {
        throw outOfTurn("beginning", event.getStep(), event.getSteps());
      }
      started++;
      if (started > toldStarted) {
        toldStarted = started;
        listener.stepStarted(event.getStep(), event.getSteps(), event.getTimestep());
      }
    }

    /**
     * @throws DecoderException if it is not this step's turn
     */
    void finished(StepFinished event) {
      if (event.getStep() != finished || finished != started - 1) {
        throw outOfTurn("end", event.getStep(), event.getSteps());
      }
      finished++;
      if (finished > toldFinished) {
        toldFinished = finished;
        listener.stepFinished(event.getStep(), event.getSteps(), event.getNanos());
      }
    }

    private DecoderException outOfTurn(String what, int step, int steps) {
      return failures.broken(
          "the %s of step %s of %s after %s beginnings and %s ends"
              .formatted(what, step, steps, started, finished));
    }
  }

  /**
   * Pictures put together from their parts. Takes only what the protocol says: the shape that was
   * asked for, then whole rows, picture after picture without gaps, all values finite. Room is made
   * for no more than was asked for. Not for use by several threads.
   */
  static final class PictureAssembly {
    private final Failures failures;
    private final List<Long> shape;
    private final float[] values;
    private final int perPicture;
    private final int perRow;
    private int filled;

    private PictureAssembly(Failures failures, List<Long> shape) {
      this.failures = failures;
      this.shape = shape;
      this.perRow = shape.get(3).intValue();
      this.perPicture = (int) (shape.get(1) * shape.get(2) * shape.get(3));
      this.values = new float[shape.get(0).intValue() * perPicture];
    }

    /**
     * Begins.
     *
     * @param shape {@code [N, 3, H, W]} that was asked for
     * @throws DecoderException if the header tells of something else
     */
    static PictureAssembly begin(PicturesHeader header, List<Long> shape, Failures failures) {
      if (header.getFormat() != PictureFormat.PICTURE_FORMAT_FLOAT32) {
        throw failures.broken(
            "pictures in the form " + header.getFormat() + ", FLOAT32 was asked for");
      }
      if (!header.getShapeList().equals(shape)) {
        throw failures.broken(
            "pictures of shape " + header.getShapeList() + " for latents that give " + shape);
      }
      long size = Float.BYTES * shape.get(1) * shape.get(2) * shape.get(3);
      if (header.getSizesCount() != shape.get(0)
          || !header.getSizesList().stream().allMatch(s -> s == size)) {
        throw failures.broken(
            "sizes of pictures %s, %s of %s bytes are needed"
                .formatted(header.getSizesList(), shape.get(0), size));
      }
      return new PictureAssembly(failures, shape);
    }

    /**
     * Adds a part.
     *
     * @throws DecoderException if it is not the next one
     */
    void add(Part part) {
      int picture = filled / perPicture;
      long offset = (long) Float.BYTES * (filled % perPicture);
      if (part.getPicture() != picture || part.getOffset() != offset) {
        throw failures.broken(
            "a part of picture %s at byte %s where %s was due"
                .formatted(
                    part.getPicture(),
                    part.getOffset(),
                    filled == values.length
                        ? "none"
                        : "picture " + picture + " at byte " + offset));
      }
      int size = part.getData().size();
      int row = Float.BYTES * perRow;
      long left = (long) Float.BYTES * perPicture - offset;
      if (size == 0 || size % row != 0 || size > left) {
        throw failures.broken(
            "a part of " + size + " bytes; whole rows of " + row + " were due, at most " + left);
      }
      FloatBuffer floats = FloatTensors.floats(part.getData());
      int count = floats.remaining();
      floats.get(values, filled, count);
      for (int i = filled; i < filled + count; i++) {
        if (!Float.isFinite(values[i])) {
          throw failures.broken(
              "value " + i % perPicture + " of picture " + picture + " is " + values[i]);
        }
      }
      filled += count;
    }

    /**
     * The pictures. Nothing may be added afterwards.
     *
     * @throws DecoderException if some are missing
     */
    Pixels pixels() {
      if (filled != values.length) {
        throw failures.broken(
            "the end after %s of %s bytes of pictures"
                .formatted((long) Float.BYTES * filled, (long) Float.BYTES * values.length));
      }
      return Pixels.takeOver(
          values, shape.get(0).intValue(), shape.get(2).intValue(), shape.get(3).intValue());
    }
  }
}
