/** Says that the sender of a frame broke a clause, and by what. */
export type Report = (clause: string, message: string) => void;
