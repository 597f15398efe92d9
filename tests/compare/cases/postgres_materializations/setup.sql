do $$
declare person text;
begin
  foreach person in array array['reader', 'writer', 'odd Name'] loop
    if not exists (select from pg_roles where rolname = person) then
      execute format('create role %I', person);
    end if;
  end loop;
end $$;
