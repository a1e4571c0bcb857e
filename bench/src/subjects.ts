import type { Subject } from "./subject.js";
import { floorsSubject } from "./subjects/floors.js";

/** Every subject, in the order they run. */
export const subjects: readonly Subject[] = [floorsSubject];
