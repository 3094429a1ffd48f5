// Runs the modules that it is given, one after another, and says on a line of its own which one is next.
for (const url of Deno.args) {
  console.log(`\u0001${url}`);
  try {
    await import(url);
  } catch (error) {
    console.log("threw", error);
  }
}
console.log("\u0001");
Deno.exit();
