package io.github.consistencydecoder.cli.shell;

/** Shows the progress of a long piece of work. Closing it removes it from the screen. */
public interface Progress extends AutoCloseable {
  /** So many units of the whole are done. */
  void reached(long done);

  /** So many of the units reached so far needed no work: the estimate leaves them out. */
  void skipped(long units);

  /** Lets something be printed without the two getting into each other's way. */
  void aside(Runnable printing);

  /** What is being worked on now. */
  void doing(String what);

  @Override
  void close();

  /** Shows nothing. */
  static Progress silent() {
    return new Progress() {
      @Override
      public void reached(long done) {}

      @Override
      public void skipped(long units) {}

      @Override
      public void aside(Runnable printing) {
        printing.run();
      }

      @Override
      public void doing(String what) {}

      @Override
      public void close() {}
    };
  }
}
