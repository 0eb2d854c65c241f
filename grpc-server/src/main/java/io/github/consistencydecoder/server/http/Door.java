package io.github.consistencydecoder.server.http;

import io.github.consistencydecoder.server.core.DecodeService;
import java.util.concurrent.Executor;

/**
 * What the exchanges of one door share.
 *
 * @param service borrowed
 * @param settings of the door
 * @param budget of bodies and answers
 * @param answers where answers are made: compressing a picture takes a processor for a while
 */
record Door(DecodeService service, HttpSettings settings, ByteBudget budget, Executor answers) {}
