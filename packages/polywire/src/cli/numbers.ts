import { InvalidArgumentError } from "commander";

/** A flag's value. @throws InvalidArgumentError */
export function integer(value: string): number {
  if (!/^\d+$/.test(value)) throw new InvalidArgumentError("Expected a whole number.");
  return Number(value);
}

/** A flag's value. @throws InvalidArgumentError */
export function number(value: string): number {
  if (!/^\d+(\.\d+)?$/.test(value)) throw new InvalidArgumentError("Expected a number.");
  return Number(value);
}

/** A flag's value. @throws InvalidArgumentError */
export function fixedPort(value: string): number {
  const port = integer(value);
  if (port < 1 || port > 65_535) throw new InvalidArgumentError("Expected a port from 1 to 65535.");
  return port;
}
