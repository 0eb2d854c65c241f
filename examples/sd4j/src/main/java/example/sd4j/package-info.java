/** The consistency decoder in place of sd4j's VAE decoder. */
package example.sd4j;
