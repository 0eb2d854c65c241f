package io.github.consistencydecoder.client;

import io.github.consistencydecoder.plugin.Cancellation;
import io.github.consistencydecoder.plugin.DecoderException;
import io.github.consistencydecoder.plugin.Pixels;
import io.github.consistencydecoder.proto.v1.DecodeReport;
import io.github.consistencydecoder.proto.v1.DecodeStreamResponse;
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
}
