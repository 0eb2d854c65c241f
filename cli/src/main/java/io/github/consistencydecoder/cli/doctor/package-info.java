/** {@code doctor}: what there is to work with, and whether a model works. One thread. */
package io.github.consistencydecoder.cli.doctor;
