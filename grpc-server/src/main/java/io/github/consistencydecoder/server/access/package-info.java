/**
 * Who may call: a bearer token from a file, TLS material that is read again when it changes, and
 * the rule for listening beyond this machine. What an operator has set up wrongly is an {@code
 * AccessException}; what a caller lacks is a {@code ServiceException}.
 */
package io.github.consistencydecoder.server.access;
