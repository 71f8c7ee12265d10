import type { Random } from "../lib/random.ts";

const ADJECTIVES = (
  "amber bold brave brisk calm clever copper eager fair gentle golden happy hidden honest humble " +
  "jolly keen kind lively lucky mellow merry mighty modest noble patient polite proud quick quiet " +
  "ready rustic silent silver sleepy smart steady sunny swift tidy vivid warm wise witty"
).split(" ");

const NOUNS = (
  "acorn apiary badger beacon birch bramble brook bumblebee cedar clover comb drone fern finch " +
  "forager garden harbor hazel heather heron hive honey lantern larch lark maple meadow nectar " +
  "orchard otter petal pine pollen poppy queen raven reed robin rowan sparrow swarm thistle " +
  "thyme wren"
).split(" ");

/** A name for a service that was given none: `adjective_noun`. May be taken already. */
export function randomName(random: Random): string {
  const pick = (words: readonly string[]): string => words[random.int(words.length)] ?? "";
  return `${pick(ADJECTIVES)}_${pick(NOUNS)}`;
}
