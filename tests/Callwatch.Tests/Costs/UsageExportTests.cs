using System.Text;
using Callwatch.Costs.Reconciling;
using Xunit;

namespace Callwatch.Tests.Costs;

public sealed class UsageExportTests
{
    private const string OpenAiUsage = """
        start_time,end_time,start_time_iso,end_time_iso,project_id,num_model_requests,user_id,api_key_id,model,batch,service_tier,input_tokens,output_tokens,input_cached_tokens,input_uncached_tokens
        1759622400,1759708800,2025-10-05T00:00:00+00:00,2025-10-06T00:00:00+00:00,proj_1,10.0,user-1,key_1,gpt-4o-2024-08-06,FALSE,default,59200.0,10646.0,5760.0,53440.0
        1759622400,1759708800,2025-10-05T00:00:00+00:00,2025-10-06T00:00:00+00:00,proj_2,2.0,user-1,key_2,gpt-4o-2024-08-06,FALSE,default,800.0,354.0,0.0,800.0
        1759708800,1759795200,2025-10-06T00:00:00+00:00,2025-10-07T00:00:00+00:00,,,,,,,,,,,
        """;

    private const string OpenAiCost = """
        start_time,end_time,start_time_iso,end_time_iso,amount_value,amount_currency,line_item,project_id,organization_id,organization_name
        1759622400,1759708800,2025-10-05T00:00:00+00:00,2025-10-06T00:00:00+00:00,0.8958740000000000,usd,"gpt-4o-2024-08-06, input",proj_1,org-1,Personal
        1759622400,1759708800,2025-10-05T00:00:00+00:00,2025-10-06T00:00:00+00:00,0.1041260000000000,usd,"gpt-4o-2024-08-06, output",proj_1,org-1,Personal
        1759708800,1759795200,2025-10-06T00:00:00+00:00,2025-10-07T00:00:00+00:00,,,,,,
        """;

    private const string AnthropicUsage = """
        usage_date_utc,model_version,api_key,workspace,usage_type,context_window,usage_input_tokens_no_cache,usage_input_tokens_cache_write_5m,usage_input_tokens_cache_write_1h,usage_input_tokens_cache_read,usage_output_tokens,web_search_count,inference_geo,speed
        2026-08-05,claude-opus-4-5-20251101,Shop,Default,standard,≤ 200k,46981,15969,10,30,16932,0,global,
        2026-08-05 13:00,claude-opus-4-5-20251101,"Desk, second",Default,standard,≤ 200k,19,0,0,0,8,0,global,
        """;

    private const string AnthropicCost = """
        usage_date_utc,model,workspace,api_key,usage_type,context_window,token_type,cost_usd,list_price_usd,cost_type,inference_geo,speed,api_key_id,api_key_status
        2026-08-04,Claude Haiku 4.5,Default,shop,message,≤ 200k,input_no_cache,0.05,0.05,token,not_available,,apikey_1,active
        2026-08-04,Claude Haiku 4.5,Default,shop,message,≤ 200k,output,0.02,0.02,token,not_available,,apikey_1,active
        2026-08-05,,Default,shop,message,,,0.10,0.10,web_search,,,apikey_1,active
        """;

    [Fact]
    public void The_activity_of_OpenAI_is_read_by_day_and_model_and_days_without_any_are_left_out()
    {
        var export = Read(OpenAiUsage);
        Assert.Equal(("openai", "usage", 3), (export.Provider, export.Kind, export.Lines));
        Assert.Equal([new UsageRow(new DateOnly(2025, 10, 5), "gpt-4o-2024-08-06", 12, 60_000, 5_760, null, 11_000, null)], export.Rows);
    }

    [Fact]
    public void The_costs_of_OpenAI_are_read_exactly_with_the_model_before_the_class_of_tokens()
    {
        var export = Read(OpenAiCost);
        Assert.Equal(("openai", "cost"), (export.Provider, export.Kind));
        var row = Assert.Single(export.Rows);
        Assert.Equal(("gpt-4o-2024-08-06", 1m), (row.Model, row.Usd));
    }

    [Fact]
    public void The_usage_of_Anthropic_is_read_with_all_of_the_prompt_as_input()
    {
        var row = Assert.Single(Read(AnthropicUsage).Rows);
        Assert.Equal(new UsageRow(new DateOnly(2026, 8, 5), "claude-opus-4-5-20251101", null, 46_981 + 15_969 + 10 + 30 + 19, 30, 15_979, 16_940, null), row);
    }

    [Fact]
    public void The_costs_of_Anthropic_are_read_also_where_they_are_of_no_model()
    {
        var export = Read(AnthropicCost);
        Assert.Equal([("Claude Haiku 4.5", 0.07m), ("", 0.10m)], export.Rows.Select(row => (row.Model, row.Usd!.Value)));
    }

    [Fact]
    public void Order_of_columns_byte_order_mark_delimiter_case_and_line_ends_do_not_matter()
    {
        var lines = AnthropicUsage.Split('\n').Select(line => line.TrimEnd('\r')).ToList();
        var turned = string.Join("\r\n", lines.Select(line => string.Join(';', Fields(line).Reverse().Select(field => $"\"{field}\"")))).Replace("usage_date_utc", "Usage Date (UTC)", StringComparison.Ordinal);
        var read = Assert.IsType<UsageExportResult.Read>(UsageExportReader.Read([.. Encoding.UTF8.Preamble, .. Encoding.UTF8.GetBytes(turned + "\r\n\r\n")]));
        Assert.Equal(Read(AnthropicUsage).Rows, read.Export.Rows);
        Assert.Equal(Read(AnthropicUsage).Rows, Read(AnthropicUsage.Replace("Desk, second", "Desk second", StringComparison.Ordinal).Replace(',', '\t')).Rows);

        static IEnumerable<string> Fields(string line)
        {
            var csv = new CsvLines(new StringReader(line), ',');
            Assert.True(csv.Read());
            return [.. csv.Fields];
        }
    }

    [Theory]
    [InlineData("input_tokens,59200.0,5920x", 2, "input_tokens", "whole number")]
    [InlineData("num_model_requests,10.0,-1", 2, "num_model_requests", "whole number")]
    [InlineData("start_time_iso,2025-10-05T00:00:00+00:00,yesterday", 2, "start_time_iso", "day or a time")]
    [InlineData("output_tokens,354.0,1.5", 3, "output_tokens", "whole number")]
    public void A_wrong_value_is_told_by_line_and_column(string change, int line, string column, string message)
    {
        var parts = change.Split(',');
        var at = OpenAiUsage.IndexOf(parts[1], OpenAiUsage.IndexOf('\n', StringComparison.Ordinal), StringComparison.Ordinal);
        var wrong = Wrong(OpenAiUsage[..at] + parts[2] + OpenAiUsage[(at + parts[1].Length)..]);
        Assert.Equal((line, column), (wrong.Line, wrong.Column));
        Assert.Contains(message, wrong.Sentence, StringComparison.Ordinal);
        Assert.StartsWith($"Line {line}, column {column}:", wrong.Sentence, StringComparison.Ordinal);
    }

    [Fact]
    public void Another_file_is_told_what_would_be_right()
    {
        Assert.Contains("OpenAI, activity: num_model_requests", Wrong("date,amount\n2026-01-01,5\n").Message, StringComparison.Ordinal);
        Assert.Contains("only usd", Wrong(OpenAiCost.Replace(",usd,", ",eur,", StringComparison.Ordinal)).Sentence, StringComparison.Ordinal);
        Assert.Contains("empty", Wrong("").Message, StringComparison.Ordinal);
        Assert.Contains("no CSV", Wrong("PK\u0003\u0004\0\0").Message, StringComparison.Ordinal);
        Assert.Contains("UTF-8", Assert.IsType<UsageExportResult.Wrong>(UsageExportReader.Read([0xFF, 0xFE, 0x80])).Message, StringComparison.Ordinal);
        Assert.Equal(3, Wrong("usage_date_utc,cost_usd,model\n2026-01-01,1,a\n\"2026-01-02\"x,1,a\n").Line);
        Assert.Contains("not closed", Wrong("usage_date_utc,cost_usd,model\n2026-01-01,1,\"a\n").Message, StringComparison.Ordinal);
        Assert.Contains("was used", Wrong("usage_date_utc,cost_usd,model\n\n").Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Harmed_files_are_read_or_refused_and_never_throw()
    {
        var random = new Random(7);
        foreach (var text in (string[])[OpenAiUsage, OpenAiCost, AnthropicUsage, AnthropicCost])
        {
            var bytes = Encoding.UTF8.GetBytes(text);
            for (var round = 0; round < 2_000; round++)
            {
                var harmed = bytes[..random.Next(bytes.Length + 1)];
                for (var changes = random.Next(6); changes > 0 && harmed.Length > 0; changes--) harmed[random.Next(harmed.Length)] = (byte)(random.Next(4) == 0 ? random.Next(256) : "\",;\n\r\t-.0"[random.Next(9)]);
                Assert.NotNull(UsageExportReader.Read(harmed));
            }
        }
    }

    [Fact]
    public void A_spreadsheet_in_Germany_writes_the_same_export_otherwise_and_it_is_read_alike()
    {
        var german = """
            start_time_iso;amount_value;amount_currency;line_item
            05.10.2025 00:00;1.000,895874;usd;gpt-4o-2024-08-06, input
            05.10.2025 00:00;0,104126;usd;gpt-4o-2024-08-06, output
            06.10.2025 00:00;12;usd;o3, input
            """;
        Assert.Equal([(new DateOnly(2025, 10, 5), "gpt-4o-2024-08-06", 1_001m), (new DateOnly(2025, 10, 6), "o3", 12m)], Read(german).Rows.Select(row => (row.Day, row.Model, row.Usd!.Value)));
        var counts = Read("usage_date_utc;model;usage_input_tokens_no_cache;usage_output_tokens\n17.09.2026;claude-opus-4-5;59.200;1.000\n");
        Assert.Equal((59_200, 1_000), ((int)counts.Rows[0].Input!, (int)counts.Rows[0].Output!));
    }

    [Theory]
    [InlineData("9/17/2026,\"1,234.50\"", "2026-09-17", "1234.5")]
    [InlineData("17/09/2026 0:00,1 234.50", "2026-09-17", "1234.5")]
    [InlineData("46282,$5", "2026-09-17", "5")]
    [InlineData("1789603200,5 USD", "2026-09-17", "5")]
    [InlineData("1789603200000,US$ 5.00", "2026-09-17", "5")]
    [InlineData("2026-09-17T00:00:00+08:00,1e-05", "2026-09-17", "0.00001")]
    [InlineData("2026-09-17T00:00:00-07:00,0.000000000001", "2026-09-17", "0.000000000001")]
    [InlineData("2026-09-17T23:30:00-07:00,1", "2026-09-18", "1")]
    [InlineData("\"Sep 17, 2026\",1", "2026-09-17", "1")]
    public void Days_and_amounts_are_read_as_people_and_spreadsheets_write_them(string line, string day, string usd)
    {
        var row = Assert.Single(Read("usage_date_utc,cost_usd,model\n" + line + ",claude-opus-4-5\n").Rows);
        Assert.Equal((day, decimal.Parse(usd, System.Globalization.CultureInfo.InvariantCulture)), (row.Day.ToString("yyyy-MM-dd", System.Globalization.CultureInfo.InvariantCulture), row.Usd!.Value));
    }

    [Theory]
    [InlineData("usage_date_utc;cost_usd;model\n2026-09-17;1.234;a\n", 2, "cost_usd", "two ways")]
    [InlineData("usage_date_utc;cost_usd;model\n2026-09-17;1,5;a\n2026-09-18;1.5;a\n", 3, "cost_usd", "decimal comma (line 2)")]
    [InlineData("usage_date_utc,cost_usd,model\n5/9/2026,1,a\n", 2, "usage_date_utc", "day and month")]
    [InlineData("usage_date_utc,cost_usd,model\n17/9/2026,1,a\n9/17/2026,1,a\n", 3, "usage_date_utc", "the day first (line 2)")]
    [InlineData("usage_date_utc,cost_usd,model\n2026-09-17,12.34 €,a\n", 2, "cost_usd", "US dollars")]
    [InlineData("usage_date_utc,cost_usd,model\n2026-09-17,1,a\nTotal,1,\n", 3, "usage_date_utc", "day or a time")]
    [InlineData("usage_date_utc,cost_usd,model\n2026-02-30,1,a\n", 2, "usage_date_utc", "day or a time")]
    [InlineData("usage_date_utc,cost_usd,model\n31.02.2026,1,a\n", 2, "usage_date_utc", "day or a time")]
    [InlineData("usage_date_utc,cost_usd,model\n12345,1,a\n", 2, "usage_date_utc", "day or a time")]
    public void What_can_be_read_in_two_ways_or_in_none_is_told_by_its_line(string text, int line, string column, string message)
    {
        var wrong = Wrong(text);
        Assert.Equal((line, column), (wrong.Line, wrong.Column));
        Assert.Contains(message, wrong.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Wide_characters_a_first_line_that_names_the_delimiter_and_empty_lines_before_the_head_do_not_matter()
    {
        var expected = Read(AnthropicCost).Rows;
        foreach (var encoding in (Encoding[])[Encoding.Unicode, Encoding.BigEndianUnicode])
            Assert.Equal(expected, Assert.IsType<UsageExportResult.Read>(UsageExportReader.Read([.. encoding.Preamble, .. encoding.GetBytes(AnthropicCost)])).Export.Rows);
        Assert.Equal(expected, Read("sep=,\r\n" + AnthropicCost).Rows);
        Assert.Equal(expected, Read("\r\n\n" + AnthropicCost).Rows);
    }

    [Fact]
    public void What_was_given_back_stands_apart_and_the_sum_is_that_of_the_file()
    {
        var export = Read("start_time_iso,amount_value,amount_currency,line_item\n2026-09-17,10.5,usd,\"gpt-4o, input\"\n2026-09-17,-2.25,usd,promotional credit\n2026-09-17,(0.25),usd,\"gpt-4o, input\"\n2026-09-17,0,usd,o3\n");
        Assert.Equal([(UsageExportReader.Credits, -2.5m), ("gpt-4o", 10.5m), ("o3", 0m)], export.Rows.Select(row => (row.Model, row.Usd!.Value)));
        Assert.Equal(8m, export.Rows.Sum(row => row.Usd));
    }

    [Fact]
    public void Half_a_million_lines_are_read_line_by_line_to_the_last_digit()
    {
        const int Lines = 500_000;
        using var file = new MemoryStream();
        using (var text = new StreamWriter(file, new UTF8Encoding(false), leaveOpen: true))
        {
            text.Write("start_time,amount_value,amount_currency,line_item,api_key_id\n");
            for (var i = 0; i < Lines; i++)
            {
                text.Write(1_789_603_200 + (i % 30 * 86_400));
                text.Write(",0.000000012345,usd,\"model-");
                text.Write(i % 20);
                text.Write(", input\",key_");
                text.Write(i);
                text.Write('\n');
            }
        }

        var export = Assert.IsType<UsageExportResult.Read>(UsageExportReader.Read(file)).Export;
        Assert.Equal((Lines, 60), (export.Lines, export.Rows.Count));
        Assert.Equal(Lines * 0.000000012345m, export.Rows.Sum(row => row.Usd));
    }

    [Theory]
    [InlineData("gpt-4o-2024-08-06", "gpt-4o")]
    [InlineData("claude-haiku-4-5-20251001", "Claude Haiku 4.5")]
    [InlineData("claude-3-5-sonnet-20241022", "Claude Sonnet 3.5")]
    [InlineData("claude-3-5-sonnet-latest", "claude-3-5-sonnet@20241022")]
    public void Names_of_one_model_are_of_one_family(string one, string other) => Assert.Equal(ModelFamily.Of(one), ModelFamily.Of(other));

    [Theory]
    [InlineData("gpt-4o", "gpt-4o-mini")]
    [InlineData("claude-opus-4-5", "claude-opus-4-1")]
    [InlineData("gpt-5", "gpt-4")]
    public void Names_of_two_models_are_not(string one, string other) => Assert.NotEqual(ModelFamily.Of(one), ModelFamily.Of(other));

    private static UsageExport Read(string text) => UsageExportReader.Read(Encoding.UTF8.GetBytes(text)) is UsageExportResult.Read read ? read.Export : throw new Xunit.Sdk.XunitException(Wrong(text).Sentence);

    private static UsageExportResult.Wrong Wrong(string text) => Assert.IsType<UsageExportResult.Wrong>(UsageExportReader.Read(Encoding.UTF8.GetBytes(text)));
}
