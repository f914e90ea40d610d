using Callwatch.Dashboard.FirstCall;
using Callwatch.Dashboard.Frame;
using Callwatch.Query;
using Microsoft.AspNetCore.Http;

namespace Callwatch.Dashboard.Overview;

/// <summary>The first page: is it up, failing, slow, expensive.</summary>
internal static class OverviewPage
{
    public static async Task<IResult> GetAsync(Visit visit, OverviewQuestions questions, FirstCallWatch first, CancellationToken cancel)
    {
        var answer = await questions.AskAsync(visit, cancel);
        if (answer is Answer<OverviewModel>.Found { Value.All.Total.Calls: 0 } && !await first.HasComeAsync(visit.Scope, cancel))
            return visit.Render<FirstCallScreen>();
        return visit.Part == "fresh"
            ? visit.Render<OverviewBody>((nameof(OverviewBody.Answer), answer))
            : visit.Render<OverviewScreen>((nameof(OverviewScreen.Answer), answer));
    }
}
