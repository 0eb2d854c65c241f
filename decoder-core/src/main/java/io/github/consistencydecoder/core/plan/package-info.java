/**
 * The choice of how a decode is done, and what it will cost: whole, in bands or in tiles, by the
 * forecast of each and the memory that is allowed.
 *
 * <p>Entry point: {@link io.github.consistencydecoder.core.plan.Planner}. Everything here may be
 * used by several threads at once.
 */
package io.github.consistencydecoder.core.plan;
