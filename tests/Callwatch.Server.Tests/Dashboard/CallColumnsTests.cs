using Callwatch.Dashboard.Calls;
using Xunit;

namespace Callwatch.Server.Tests.Dashboard;

public sealed class CallColumnsTests
{
    [Theory]
    [InlineData(null, null)]
    [InlineData("", null)]
    [InlineData("usual", null)]
    [InlineData("nonsense,<script>", null)]
    [InlineData("model,cost", "time,model,cost")]
    [InlineData("session, cost,time,cost", "time,cost,session")]
    [InlineData("time,app,operation,model,status,latency,ttft,tokens,cached,cost,user,text", null)]
    public void The_address_names_columns_and_the_usual_ones_need_no_word(string? written, string? read) => Assert.Equal(read, CallColumns.Written(CallColumns.Read(written)));
}
