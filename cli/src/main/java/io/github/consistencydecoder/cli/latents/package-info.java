/**
 * Reads latents and noise from files. Everything in a file is checked before it is believed; what
 * is wrong is said in one line. Classes here keep no state.
 */
package io.github.consistencydecoder.cli.latents;
