import { assert, assertEquals, assertFalse } from "@std/assert";
import { Roster, RosterMember } from "../../src/connection/roster.ts";

class Numbered extends RosterMember {
  constructor(readonly id: number) {
    super();
  }
}

function rosterOf(count: number) {
  const members = Array.from({ length: count }, (_, id) => new Numbered(id));
  const roster = new Roster<Numbered>();
  for (const member of members) roster.add(member);
  return { roster, members };
}

function idsOf(roster: Iterable<Numbered>): number[] {
  return Array.from(roster, ({ id }) => id);
}

Deno.test("Roster holds its members in the order in which they came, in whatever order they are deleted", () => {
  for (const order of [[0, 1, 2, 3, 4], [4, 3, 2, 1, 0], [2, 0, 4, 1, 3]]) {
    const { roster, members } = rosterOf(5);
    const rest = new Set(members.keys());
    for (const id of order) {
      assertEquals(roster.delete(members[id]), true);
      assertFalse(roster.delete(members[id]));
      assertFalse(roster.has(members[id]));
      rest.delete(id);
      assertEquals([roster.size, roster.first?.id, ...idsOf(roster)], [rest.size, [...rest][0], ...rest]);
      assert([...rest].every((id) => roster.has(members[id])));
    }
    for (const id of order) roster.add(members[id]);
    assertEquals(idsOf(roster), order);
  }
});

Deno.test("Roster.delete() leaves the members of another roster alone", () => {
  const [one, other] = [rosterOf(2), rosterOf(2)];
  assertFalse(one.roster.has(other.members[0]));
  assertFalse(one.roster.delete(other.members[0]));
  assertEquals([one.roster.size, other.roster.size], [2, 2]);
});

// What a deleted member would still refer to, or be referred to by, V8 would keep until it next collects old objects.
Deno.test("Roster.delete() leaves no reference in either direction", () => {
  const { roster, members } = rosterOf(3);
  roster.delete(members[1]);
  assertEquals([members[1].roster, members[1].previous, members[1].next], [null, null, null]);
  assert(members[0].next === members[2]);
  assert(members[2].previous === members[0]);
});

Deno.test("Roster visits what a Set visits while members are deleted", () => {
  for (let at = 0; at < 4; at++) {
    for (let first = 0; first < 4; first++) {
      for (let second = 0; second < 4; second++) {
        const { roster, members } = rosterOf(4);
        const set = new Set(members);
        const visit = (group: Roster<Numbered> | Set<Numbered>) => {
          const ids: number[] = [];
          for (const { id } of group) {
            ids.push(id);
            if (id === at) [first, second].forEach((id) => group.delete(members[id]));
          }
          return ids;
        };
        assertEquals(visit(roster), visit(set), `${first} and ${second} are deleted at ${at}`);
      }
    }
  }
});
