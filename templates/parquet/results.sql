-- What became of each node. Variables: `results`, a file with an entry of run_results.json a line; `invocation`, its id;
-- `folder`, where the table goes; `longest`, the bytes of the longest line.

copy (
  select
    getvariable('invocation') as invocation_id, unique_id, status, failures, message, execution_time, thread_id,
    list_min(list_transform(timing, lambda phase: phase.started_at)) as started_at,
    list_max(list_transform(timing, lambda phase: phase.completed_at)) as completed_at,
    cast(adapter_response ->> 'rows_affected' as bigint) as rows_affected, adapter_response, relation_name
  from read_json(
    getvariable('results'), format = 'newline_delimited', maximum_object_size = getvariable('longest'),
    columns = {
      unique_id: 'varchar', status: 'varchar', failures: 'bigint', message: 'varchar', execution_time: 'double',
      thread_id: 'varchar', timing: 'struct(name varchar, started_at timestamptz, completed_at timestamptz)[]',
      adapter_response: 'json', relation_name: 'varchar'
    }
  )
) to (getvariable('folder') || '/results.parquet') (format parquet, compression zstd);
