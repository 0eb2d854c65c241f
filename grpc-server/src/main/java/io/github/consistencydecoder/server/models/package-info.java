/**
 * Models while they are open: who opens them, what proves that they decode as they should, how long
 * they take and which pictures they may decode together.
 */
package io.github.consistencydecoder.server.models;
