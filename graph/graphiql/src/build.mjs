// Builds ../dist: graphiql.js.gz and graphiql.css.gz, which Go embeds, and
// ../NOTICE with the licences of everything that ends up in them.
import { build } from "esbuild";
import { mkdir, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { gzipSync } from "node:zlib";

const dist = new URL("../dist/", import.meta.url);
const notice = new URL("../NOTICE", import.meta.url);

// GraphiQL's style carries two fonts as data, under licences of their own. The
// page uses the reader's fonts instead (page.css) and is half the size.
const withoutFonts = {
  name: "without-fonts",
  setup(plugins) {
    plugins.onLoad({ filter: /graphiql\/dist\/style\.css$/ }, async ({ path }) => {
      const original = await readFile(path, "utf8");
      const contents = original.replaceAll(/@font-face\s*{[^}]*}/g, "");
      if (contents === original) throw new Error(`${path} has no fonts any more: drop this plugin`);
      return { contents, loader: "css" };
    });
  },
};

const result = await build({
  entryPoints: { graphiql: "main.jsx" },
  outdir: "out", // in memory only
  write: false,
  bundle: true,
  minify: true,
  format: "esm",
  target: "es2022",
  jsx: "automatic",
  legalComments: "none", // NOTICE has them whole
  metafile: true,
  plugins: [withoutFonts],
  define: { "process.env.NODE_ENV": '"production"' },
});

// gzip writes the operating system into its header; 255 means "unknown" and
// keeps the files the same wherever they are built.
function gzip(contents) {
  const packed = gzipSync(contents, { level: 9 });
  packed[9] = 255;
  return packed;
}

// packageOf returns the folder of the npm package that a bundled file is of.
function packageOf(file) {
  const parts = file.split("/");
  const at = parts.lastIndexOf("node_modules");
  if (at < 0) return null;
  const length = parts[at + 1].startsWith("@") ? 2 : 1;
  return parts.slice(0, at + 1 + length).join("/");
}

async function licenceOf(folder) {
  const manifest = JSON.parse(await readFile(join(folder, "package.json"), "utf8"));
  const names = (await readdir(folder)).filter((name) => /^(licen[cs]e|copying|notice)/i.test(name)).sort();
  const texts = await Promise.all(names.map((name) => readFile(join(folder, name), "utf8")));
  const author = typeof manifest.author === "string" ? manifest.author : (manifest.author?.name ?? "");
  const body = texts.length > 0 ? texts.map((text) => text.trim()).join("\n\n") : `Licence: ${manifest.license}. ${author}`.trim();
  return { title: `${manifest.name} ${manifest.version} (${manifest.license})`, body };
}

await rm(dist, { recursive: true, force: true });
await mkdir(dist, { recursive: true });
for (const file of result.outputFiles) {
  const name = file.path.split("/").at(-1);
  const packed = gzip(file.contents);
  await writeFile(new URL(`${name}.gz`, dist), packed);
  console.log(`${name}: ${file.contents.length} bytes, ${packed.length} packed`);
}

const folders = new Set(Object.keys(result.metafile.inputs).map(packageOf).filter(Boolean));
const licences = await Promise.all([...folders].map(licenceOf));
licences.sort((a, b) => (a.title < b.title ? -1 : 1));
const rule = "-".repeat(78);
const sections = licences.map(({ title, body }) => `${rule}\n${title}\n${rule}\n\n${body.replaceAll("\r\n", "\n")}\n`);
await writeFile(
  notice,
  `The GraphiQL page in dist/ contains the following packages. This file is
written by src/build.mjs.

${[...new Set(sections)].join("\n")}`,
);
console.log(`NOTICE: ${licences.length} packages`);
