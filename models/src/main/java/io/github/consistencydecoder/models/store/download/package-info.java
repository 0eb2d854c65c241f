/** Downloads over HTTP: resumed, bounded, through proxies. */
package io.github.consistencydecoder.models.store.download;
