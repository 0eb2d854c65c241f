/** What a model is: the catalogue of published models and the store that keeps them on disk. */
package io.github.consistencydecoder.models;
