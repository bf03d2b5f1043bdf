// Pictures are taken when they are asked for, not with the scenarios.

import { mergeConfig } from "vitest/config";
import scenarios from "./vitest.config.ts";

const config = mergeConfig(scenarios, {});
config.test!.include = ["real/pictures.ts"];
export default config;
