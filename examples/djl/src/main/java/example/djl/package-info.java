/** The consistency decoder in place of the VAE decoder of a DJL pipeline. */
package example.djl;
