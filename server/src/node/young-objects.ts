import { setFlagsFromString } from "node:v8";

/**
 * Has the engine allocate every new object where the short-lived ones are. Else it decides by what the
 * first few collections have seen: those fall into the start of the node, or into a moment in which
 * most requests wait for the disk, and from then on it puts objects of some places in the code among
 * the long-lived, for good. One such object for each request keeps the whole request alive until the
 * next full collection.
 */
export function allocateYoung(): void {
  setFlagsFromString("--no-allocation-site-pretenuring");
}
