using System.Text;
using Callwatch.Receive.Bodies;
using Callwatch.Receive.Importing;
using Callwatch.Testing;
using Xunit;

namespace Callwatch.Tests.Receive.Importing;

public sealed class ImportFileTests
{
    private const string Call = """{"trace_id":"0af7651916cd43dd8448eb211c80319c","span_id":"00f067aa0ba902b7","name":"chat","start":"2026-09-17T12:00:00Z","end":"2026-09-17T12:00:01Z"}""";

    [Theory]
    [InlineData("""{"trace_id":"\ud800","span_id":"x"}""")]
    [InlineData("""{"trace_id":"0af7651916cd43dd8448eb211c80319c","span_id":"00f067aa0ba902b7","name":"\ud800"}""")]
    [InlineData("""{"\ud800aaaaa":1}""")]
    [InlineData("{")]
    [InlineData("[1]")]
    public void A_line_that_cannot_be_taken_is_named_and_the_others_are(string bad)
    {
        var file = new ImportFile(0, mostNesting: 64);
        using var buffer = new PayloadBuffer(budget: null, maxBytes: 1 << 20);
        Assert.Null(file.Write(Encoding.UTF8.GetBytes(Call + "\n" + bad + "\n" + Call + "\n"), buffer));
        Assert.Equal((2, 1), (file.Spans, file.BadLines));
        Assert.Equal(2, Assert.Single(file.Troubles).Line);
    }

    [Fact]
    public void A_file_of_nothing_but_bad_lines_is_given_up()
    {
        var file = new ImportFile(0, mostNesting: 64);
        using var buffer = new PayloadBuffer(budget: null, maxBytes: 1 << 20);
        Assert.Contains("10000 lines", file.Write(Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat("{\n", 20_000))), buffer), StringComparison.Ordinal);
        Assert.Equal((10_000, 100), (file.BadLines, file.Troubles.Count));
    }

    [Fact]
    public Task Harmed_files_never_throw() => Fuzz.ReadAsync(53, 3_000, [Encoding.UTF8.GetBytes(Call + "\n" + Call)], bytes =>
    {
        using var buffer = new PayloadBuffer(budget: null, maxBytes: 1 << 24);
        new ImportFile(0, mostNesting: 64).Write(bytes, buffer);
    });
}
