/** A decoder plugin in its entirety. */
package example.smooth;
