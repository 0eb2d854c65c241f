/** VAE, TAESD and LPIPS: networks of one pass, their weights and graphs. */
package io.github.consistencydecoder.models.network.autoencoder;
