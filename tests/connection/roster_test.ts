import { assertEquals, assertFalse } from "@std/assert";
import { Roster } from "../../src/connection/roster.ts";

Deno.test("Roster holds its members until they are deleted, in whatever order that happens", () => {
  const members = Array.from({ length: 5 }, (_, id) => ({ id, place: 0 }));
  for (const order of [[0, 1, 2, 3, 4], [4, 3, 2, 1, 0], [2, 0, 4, 1, 3]]) {
    const roster = new Roster<typeof members[number]>();
    for (const member of members) roster.add(member);
    const rest = new Set(members);
    for (const id of order) {
      assertEquals(roster.delete(members[id]), true);
      assertFalse(roster.delete(members[id]));
      rest.delete(members[id]);
      assertEquals(new Set(roster.members), rest);
      assertEquals(roster.size, rest.size);
    }
  }
});

Deno.test("Roster.members are those of the moment, whatever is deleted meanwhile", () => {
  const roster = new Roster();
  for (let i = 0; i < 3; i++) roster.add({ place: 0 });
  const { members } = roster;
  for (const member of members) roster.delete(member);
  assertEquals([members.length, roster.size], [3, 0]);
});
