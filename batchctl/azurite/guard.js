// Loaded before Azurite: it ends in good order with whoever started it, and no signature reaches its log.
"use strict";

// Our standard input is a pipe that the parent holds open and never writes to: its end is the parent's end.
process.stdin.on("end", () => process.kill(process.pid, "SIGTERM"));
process.stdin.on("error", () => process.kill(process.pid, "SIGTERM"));
process.stdin.resume();
process.stdin.unref(); // nor does waiting for it keep a closed Azurite alive

// The access log has whole URLs, and a SAS in a URL is a secret.
const write = process.stdout.write.bind(process.stdout);
process.stdout.write = (chunk, ...rest) => write(String(chunk).replace(/\bsig=[^&\s"]*/g, "sig=REDACTED"), ...rest);

// Azurite writes down every five seconds what it has confirmed, and a kill in between loses it. Here it is written as soon
// as anything changed; a large store takes long to write, and gets a tenth of the time.
const Loki = require("node:module").createRequire(process.argv[1])("lokijs");
const [SOONEST, LATEST, SHARE] = [100, 5000, 10]; // milliseconds, and the part of the time
const stores = new Set();

Loki.prototype.autosaveEnable = function () {
	this.autosave = true;
	stores.add(this);
};
Loki.prototype.autosaveDisable = function () {
	stores.delete(this);
};

function saved(store) {
	const collections = store.collections.filter((one) => one.dirty);
	return new Promise((done) => store.saveDatabase((error) => {
		if (error) {
			console.error(`${store.filename} cannot be written: ${error.message}`);
			for (const one of collections) one.dirty = true; // for the next time
		}
		done();
	}));
}

async function saveChanged() {
	const changed = [...stores].filter((one) => one.autosaveDirty());
	const began = Date.now();
	// In one turn of the loop: blobs and the extents that hold their bytes, as of one moment.
	await Promise.all(changed.map(saved));
	const took = changed.length ? Date.now() - began : 0;
	setTimeout(saveChanged, Math.min(LATEST, Math.max(SOONEST, SHARE * took))).unref();
}
setTimeout(saveChanged, SOONEST).unref();

// What a list of blobs names, its disk has. A list comes to the disk before it takes the place of the one before; bytes of
// blobs do so when the system sees fit, so what the power took of them is looked for at the start: a blob that is not whole
// is none, and whoever wants it is told so and does not read half of it.
const fs = require("node:fs");
const path = require("node:path");
const location = process.argv[process.argv.indexOf("--location") + 1];
const NOWHERE = "*ZERO*"; // the extent of pages that nobody wrote

Loki.LokiFsAdapter.prototype.saveDatabase = function (file, text, done) {
	const draft = `${file}~`;
	fs.writeFile(draft, text, { flush: true }, (error) => (error ? done(error) : fs.rename(draft, file, done)));
};

const loaded = Loki.prototype.loadDatabase;
Loki.prototype.loadDatabase = function (options, done) {
	loaded.call(this, options, (error) => {
		try {
			if (!error && this.getCollection("$BLOBS_COLLECTION$")) forgetWhatIsNotWhole(this);
		} catch (unread) {
			error = unread; // Azurite tells it, and ends
		}
		done(error);
	});
};

function forgetWhatIsNotWhole(store) {
	const sizes = sizesOfExtents();
	const isThere = (chunk) => !chunk?.count || chunk.id === NOWHERE || chunk.offset + chunk.count <= (sizes.get(chunk.id) ?? 0);
	const isWhole = (one) =>
		[one, ...(one.committedBlocksInOrder ?? []), ...(one.pageRangesInOrder ?? [])].every((part) => isThere(part.persistency));
	for (const name of ["$BLOBS_COLLECTION$", "$BLOCKS_COLLECTION$"]) {
		const before = store.getCollection(name)?.count() ?? 0;
		store.getCollection(name)?.removeWhere((one) => !isWhole(one));
		const gone = before - (store.getCollection(name)?.count() ?? 0);
		if (gone) console.error(`${gone} of ${before} in ${name} are gone: their bytes had not come to the disk`);
	}
}

function sizesOfExtents() {
	const found = new Map();
	const list = path.join(location, "__azurite_db_blob_extent__.json");
	const known = fs.existsSync(list) ? JSON.parse(fs.readFileSync(list, "utf8") || "{}") : {};
	for (const one of known.collections?.find(({ name }) => name === "$EXTENTS_COLLECTION$")?.data ?? []) {
		const extent = path.join(location, "__blobstorage__", one.path);
		found.set(one.id, fs.existsSync(extent) ? fs.statSync(extent).size : 0);
	}
	return found;
}

// A snapshot wants all that is held as of one moment. Who takes one makes the directory `held` where our files lie; we write
// down what we know and stand still until `held/ready` is gone: of extents, which only grow, links are made meanwhile.
const LONGEST_HOLD = 5000; // milliseconds
const held = path.join(location, "held");

function standStill() {
	const ready = path.join(held, "ready");
	try {
		for (const store of stores) {
			fs.writeFileSync(path.join(held, path.basename(store.filename)), store.serialize(), { flag: "wx", mode: 0o600 });
		}
		fs.writeFileSync(ready, "", { flag: "wx", mode: 0o600 });
	} catch (error) {
		if (error.code !== "EEXIST" && error.code !== "ENOENT") console.error(`no snapshot: ${error.message}`);
		return; // written before, or nobody waits any more
	}
	const clock = new Int32Array(new SharedArrayBuffer(4));
	for (let waited = 0; waited < LONGEST_HOLD && fs.existsSync(ready); waited++) Atomics.wait(clock, 0, 0, 1);
	fs.rmSync(ready, { force: true }); // whoever is slower than that sees that we went on
}
fs.watch(location, { persistent: false }, (_, name) => name === "held" && fs.existsSync(held) && standStill());
