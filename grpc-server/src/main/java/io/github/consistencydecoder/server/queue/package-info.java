/**
 * The service behind the endpoints: {@link io.github.consistencydecoder.server.queue.DecodeService}
 * takes jobs, queues them, and has workers decode them, several together where that is proven.
 */
package io.github.consistencydecoder.server.queue;
