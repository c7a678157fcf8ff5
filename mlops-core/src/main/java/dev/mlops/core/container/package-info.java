/** Container images of packages: written from what is on the disk, without a daemon and without a network. */
@NullMarked
package dev.mlops.core.container;

import org.jspecify.annotations.NullMarked;
