import assert from "node:assert/strict";
import fc from "fast-check";
import { createType } from "./catalog.js";
import { dropLeases, grantLease, leaseHolds, revokeLease, wantsLease } from "./lease.js";
import { Mailbox } from "./mailbox.js";
import { Session } from "./session.js";

// Goal: leases are bounded, belong to one server, and hold nothing in memory that is not used.
// Method: the functions on mailboxes that are idle, as they are after a result.

let type = createType(1, "t/a");
const window = { invocations: 1, bytes: 1 };

function begin(): void {
  type = createType(1, "t/a");
}

function mailboxOf(id: string): Mailbox {
  const known = type.mailboxes.get(id);
  if (known !== undefined) return known;
  const mailbox = new Mailbox(type, id);
  type.mailboxes.add(mailbox);
  return mailbox;
}

function send(session: Session, mailbox: Mailbox): void {
  mailbox.invocation = session.nextInvocation++;
  mailbox.leaseWanted = wantsLease({ session, eager: [0] }, mailbox);
}

/** A result of the address on the session was applied. */
function apply(session: Session, id: string): Mailbox {
  const mailbox = mailboxOf(id);
  send(session, mailbox);
  grantLease({ session, eager: [0] }, mailbox, 0);
  return mailbox;
}

const held = (session: Session) =>
  [...type.mailboxes.values()].filter((mailbox) => leaseHolds(session, mailbox, 0));

describe("a lease", () => {
  beforeEach(begin);

  it("names the last result on its session, and none on another", () => {
    const [first, second] = [new Session(1, [], window, 9), new Session(2, [], window, 9)];
    const mailbox = apply(first, "x");
    assert.equal(mailbox.lease, 1);
    assert.ok(leaseHolds(first, mailbox, 0));
    assert.equal(leaseHolds(second, mailbox, 0), false);
    apply(second, "x");
    assert.ok(leaseHolds(second, mailbox, 0));
    assert.equal(leaseHolds(first, mailbox, 0), false);
  });

  it("ends before the first state expires", () => {
    const session = new Session(1, [], window, 9);
    const mailbox = mailboxOf("x");
    send(session, mailbox);
    grantLease({ session, eager: [0] }, mailbox, 100);
    assert.deepEqual(
      [leaseHolds(session, mailbox, 99), leaseHolds(session, mailbox, 100)],
      [true, false],
    );
  });

  it("is not named after it was revoked, until the next result", () => {
    const session = new Session(1, [], window, 9);
    const mailbox = apply(session, "x");
    revokeLease(mailbox);
    assert.equal(leaseHolds(session, mailbox, 0), false);
    apply(session, "x");
    assert.ok(leaseHolds(session, mailbox, 0));
  });

  it("is kept for no more addresses than the server said, over random results and moves", () => {
    const step = fc.record({ session: fc.nat(1), id: fc.nat(7), revoke: fc.boolean() });
    const maxima = fc.tuple(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 5 }));
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), maxima, (program, [a, b]) => {
        begin();
        const sessions = [new Session(1, [], window, a), new Session(2, [], window, b)];
        for (const { session: at, id, revoke } of program) {
          const session = sessions[at] as Session;
          const mailbox = apply(session, String(id));
          if (revoke) revokeLease(mailbox);
          for (const each of sessions) assert.ok(held(each).length <= each.leasesMax);
          assert.ok(type.mailboxes.size <= a + b, "an idle mailbox without a lease is let go");
        }
        for (const session of sessions) dropLeases(session);
        assert.equal(type.mailboxes.size, 0);
      }),
    );
  });

  it("is held by the newest result, however few the server keeps", () => {
    const ids = fc.array(fc.nat(7), { maxLength: 40 });
    fc.assert(
      fc.property(ids, fc.integer({ min: 1, max: 5 }), (program, leasesMax) => {
        begin();
        const session = new Session(1, [], window, leasesMax);
        for (const id of program) assert.ok(leaseHolds(session, apply(session, String(id)), 0));
      }),
    );
  });

  it("goes with its stream, but not when the address has moved", () => {
    const [first, second] = [new Session(1, [], window, 9), new Session(2, [], window, 9)];
    apply(first, "x");
    const moved = apply(first, "y");
    apply(second, "y");
    dropLeases(first);
    assert.deepEqual(held(first), []);
    assert.deepEqual(held(second), [moved]);
    assert.deepEqual(
      [...type.mailboxes.values()].map(({ id }) => id),
      ["y"],
    );
  });

  it("is never granted to a server without leases, and ends an older one", () => {
    const [with9, without] = [new Session(1, [], window, 9), new Session(2, [], window, 0)];
    const mailbox = apply(with9, "x");
    apply(without, "x");
    assert.equal(leaseHolds(without, mailbox, 0), false);
    assert.equal(leaseHolds(with9, mailbox, 0), false);
  });

  it("is for addresses that return, as soon as many have one", () => {
    const session = new Session(1, [], window, 20_000);
    const free = 2500;
    for (let at = 0; at < free; at++) apply(session, `early-${at}`);
    assert.equal(session.leases.length, free, "an eighth of the places goes to whoever comes");
    const once = Array.from({ length: 10_000 }, (_, at) => `once-${at}`);
    for (const id of once) forgetIdle(apply(session, id));
    const strays = session.leases.length - free;
    assert.ok(strays < once.length / 15, `${strays} leases of addresses that came once`);
    for (const id of once) apply(session, id);
    assert.ok(once.every((id) => leaseHolds(session, mailboxOf(id), 0)));
    assert.ok(leaseHolds(session, apply(session, "early-0"), 0), "a lease that is held stays");
  });
});

/** As the core does with an address that is idle. */
function forgetIdle(mailbox: Mailbox): void {
  if (mailbox.leaseSession === null) type.mailboxes.delete(mailbox.id);
}
