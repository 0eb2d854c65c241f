/**
 * What a comparison found, and how it is shown: {@code metrics.json}, {@code metrics.csv}, {@code
 * sheet.png} and {@code report.html}.
 *
 * <p>Entry points: {@link io.github.consistencydecoder.compare.report.InputResult} holds the
 * findings of one input, {@link io.github.consistencydecoder.compare.report.ReportData} those of a
 * run; {@link io.github.consistencydecoder.compare.report.MetricsFiles}, {@link
 * io.github.consistencydecoder.compare.report.ContactSheet} and {@link
 * io.github.consistencydecoder.compare.report.HtmlReport} write them. Pictures are read from their
 * files one input at a time. For use by one thread at a time.
 */
package io.github.consistencydecoder.compare.report;
