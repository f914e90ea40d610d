using Callwatch.Dashboard.Frame;
using Microsoft.AspNetCore.Http;

namespace Callwatch.Dashboard.FirstCall;

internal static class FirstCallPage
{
    public static async Task<IResult> GetAsync(Visit visit, FirstCallWatch watch, CancellationToken cancel)
    {
        var hasCome = await watch.HasComeAsync(visit.Scope, cancel);
        return visit.Part == "first-call"
            ? visit.Render<FirstCallState>((nameof(FirstCallState.HasCome), hasCome))
            : visit.Render<FirstCallScreen>((nameof(FirstCallScreen.HasCome), hasCome));
    }
}
