/** The catalogue of published models: what each consists of, and under which licence. */
package io.github.consistencydecoder.models.store.catalogue;
