-- Where columns come from, an input a row. Variables: `lineage`, a file with a node of column_lineage.json a line;
-- `folder`, where the table goes; `longest`, the bytes of the longest line.

create temporary table lineage as
select *
from read_json(
  getvariable('lineage'), format = 'newline_delimited', maximum_object_size = getvariable('longest'),
  columns = {
    unique_id: 'varchar', incomplete: 'varchar',
    columns: 'map(varchar, struct(kind varchar, inputs struct(relation varchar, "column" varchar, kind varchar)[], unknown varchar))',
    uses: 'struct(relation varchar, "column" varchar, how varchar[])[]', uses_unknown: 'varchar[]'
  }
);

-- A column made of none has one row without input. What decides on the rows of a node has no column of its own, and
-- neither has the reason why there may be more than is known.
copy (
  with made as (
    select unique_id, generate_subscripts(entries, 1) as position, unnest(entries) as made
    from (select unique_id, map_entries(columns) as entries from lineage)
  ),
  used as (
    select unique_id, unnest(uses) as used from lineage
  ),
  doubted as (
    select unique_id, unnest(list_filter(list_append(uses_unknown, incomplete), lambda reason: reason is not null)) as reason
    from lineage
  )
  select
    unique_id, made.key as column_name, position, made.value.kind as column_kind, input.relation as input_id,
    input."column" as input_column, coalesce(input.kind, made.value.kind) as kind, made.value.unknown as unknown
  from made
  left join unnest(made.value.inputs) as inputs(input) on true
  union all
  select unique_id, null, null, null, used.relation, used."column", unnest(used.how), null
  from used
  union all
  select unique_id, null, null, null, null, null, 'unknown', reason
  from doubted
  order by unique_id, position, input_id, input_column, kind, unknown
) to (getvariable('folder') || '/column_lineage.parquet') (format parquet, compression zstd);
