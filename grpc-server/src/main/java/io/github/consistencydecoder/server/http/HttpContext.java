package io.github.consistencydecoder.server.http;

import io.github.consistencydecoder.server.core.DecodeService;
import java.util.concurrent.Executor;

/**
 * What the exchanges of one endpoint share.
 *
 * @param service borrowed
 * @param settings of the endpoint
 * @param budget of bodies and answers
 * @param answers where answers are made: compressing a picture takes a processor for a while
 */
record HttpContext(
    DecodeService service, HttpSettings settings, ByteBudget budget, Executor answers) {}
