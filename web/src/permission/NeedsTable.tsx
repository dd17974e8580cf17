import { Table, Text } from "@mantine/core";
import type { PermissionNeedFragment, PermissionRightsFragment } from "./permission.generated";
import { has, Mark } from "./RightMarks";
import { needKindWords, rights, rightWords } from "./words";

interface Needer {
  kind: PermissionNeedFragment["kind"];
  key: string;
  title: string;
  active: boolean;
  needs: readonly PermissionNeedFragment[];
}

/** One line for each thing that needs rights, in the order of the API. */
function byNeeder(needs: readonly PermissionNeedFragment[]): Needer[] {
  const found = new Map<string, PermissionNeedFragment[]>();
  for (const need of needs) {
    const key = `${need.kind} ${need.key}`;
    found.set(key, [...(found.get(key) ?? []), need]);
  }
  return [...found.values()].flatMap((of) => {
    const first = of[0];
    if (!first) return [];
    const { kind, key, title } = first;
    return [{ kind, key, title, active: of.some((need) => need.active), needs: of }];
  });
}

/** NeedsTable shows the rights that are there, and under them what needs which. */
export function NeedsTable({
  given,
  needs,
  label,
}: {
  given: PermissionRightsFragment;
  needs: readonly PermissionNeedFragment[];
  label: string;
}) {
  return (
    <>
      <Table verticalSpacing={6} fz="sm" aria-label={label}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Who</Table.Th>
            {rights.map((right) => (
              <Table.Th key={right} w={62} px={4} ta="center">
                {rightWords[right]}
              </Table.Th>
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          <Table.Tr>
            <Table.Th scope="row" fw={600}>
              The integration user may
            </Table.Th>
            {rights.map((right) => (
              <Table.Td key={right} ta="center" px={4}>
                <Mark given={has(given, right)} label={has(given, right) ? "yes" : "no"} />
              </Table.Td>
            ))}
          </Table.Tr>
          {byNeeder(needs).map((needer) => (
            <Table.Tr key={`${needer.kind} ${needer.key}`}>
              <Table.Th scope="row" fw={400}>
                {needer.title}
                <Text span size="xs" c="dimmed" display="block">
                  {needKindWords[needer.kind]}
                  {needer.active ? "" : ", not in use"}
                </Text>
              </Table.Th>
              {rights.map((right) => {
                const need = needer.needs.find((each) => each.right === right);
                return (
                  <Table.Td key={right} ta="center" px={4}>
                    {need ? (
                      <Mark given={need.met} label={need.met ? "needed, and there" : "needed, and missing"} />
                    ) : (
                      <Text span c="dimmed" size="sm">
                        <span aria-hidden>–</span>
                      </Text>
                    )}
                  </Table.Td>
                );
              })}
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
      {needs.length === 0 && (
        <Text size="sm" c="dimmed" mt={4}>
          Nothing needs a right on it.
        </Text>
      )}
    </>
  );
}
