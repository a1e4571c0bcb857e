import type { Subject } from "./subject.js";
import { checkpointSubject } from "./subjects/checkpoint.js";
import { fanOutSubject } from "./subjects/fan-out.js";
import { floorsSubject } from "./subjects/floors.js";
import { httpSubject } from "./subjects/http.js";
import { idleSubject } from "./subjects/idle.js";
import { languagesSubject } from "./subjects/languages.js";
import { latencySubject } from "./subjects/latency.js";
import { peersSubject } from "./subjects/peers.js";
import { recoverySubject } from "./subjects/recovery.js";
import { requestReplySubject } from "./subjects/request-reply.js";
import { millionSubject, throughputSubject } from "./subjects/throughput.js";

/** Every subject, in the order they run. */
export const subjects: readonly Subject[] = [
  floorsSubject,
  throughputSubject,
  millionSubject,
  latencySubject,
  fanOutSubject,
  httpSubject,
  requestReplySubject,
  idleSubject,
  recoverySubject,
  checkpointSubject,
  languagesSubject,
  peersSubject,
];
